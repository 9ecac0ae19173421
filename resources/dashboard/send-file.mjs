// Sends a file and tells how far it is.

/**
 * @param {string} address
 * @param {File} file
 * @param {(share: number) => void} progress 0 to 1
 * @returns {{answer: Promise<'sent' | 'cut' | 'cancelled' | {reason: string}>, cancel: () => void}}
 */
export function sendFile(address, file, progress) {
  const request = new XMLHttpRequest();
  request.open('POST', address);
  request.responseType = 'json';
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.upload.addEventListener('progress', ({ loaded, total }) => progress(loaded / Math.max(1, total)));
  progress(0);
  /** @type {ReturnType<typeof sendFile>['answer']} */
  const answer = new Promise((resolve) => {
    request.addEventListener('load', () => {
      if (request.status < 300) resolve('sent');
      else resolve({ reason: request.response?.message ?? `${request.status} ${request.statusText}` });
    });
    request.addEventListener('error', () => resolve('cut'));
    request.addEventListener('abort', () => resolve('cancelled'));
  });
  request.send(file);
  return { answer, cancel: () => request.abort() };
}
