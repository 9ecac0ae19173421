/** How this package runs `npm install`, whatever for. */

const isWindows = process.platform === 'win32';

/** For `spawn`: what is installed, and more flags, stand behind `args`. */
export const NPM_INSTALL = {
  program: isWindows ? 'npm.cmd' : 'npm',
  /** Those of Node-RED's own palette, and without scripts, as nothing that is installed needs them. */
  args: ['install', '--no-audit', '--no-fund', '--no-update-notifier', '--omit=dev', '--ignore-scripts'],
  // Windows starts .cmd files through a shell alone.
  options: isWindows ? { shell: true, windowsHide: true } : {},
} as const;
