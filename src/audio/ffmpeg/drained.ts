/** Resolves when a stream takes more, or will take no more. */
export function drained(input: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) input.removeListener(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) input.once(event, done);
  });
}
