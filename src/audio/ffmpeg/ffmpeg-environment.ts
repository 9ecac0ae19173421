/**
 * What ffmpeg gets of the environment: where things are, the language, sound servers, proxies and certificates. It reads what strangers
 * send, and the environment may hold the license key and other secrets.
 */
const NAMES: readonly string[] = [
  ...['PATH', 'PATHEXT', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TEMP', 'TMP', 'TZ', 'LANG', 'LANGUAGE'],
  ...['SYSTEMROOT', 'WINDIR', 'COMSPEC', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
  ...['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'],
  ...['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'DBUS_SESSION_BUS_ADDRESS'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];
const PREFIXES: readonly string[] = ['LC_', 'ALSA_', 'PULSE_', 'JACK_', 'PIPEWIRE_'];

export function ffmpegEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => {
    const upper = name.toUpperCase(); // Windows makes no difference, and proxies are written either way.
    return NAMES.includes(upper) || PREFIXES.some((prefix) => upper.startsWith(prefix));
  });
  return Object.fromEntries(kept);
}
