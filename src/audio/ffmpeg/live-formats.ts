import { CONTAINER_DEMUXERS } from './ffmpeg-arguments';

/** Besides containers: what cameras and stations speak. */
const LIVE_DEMUXERS: readonly string[] = ['rtsp', 'rtp', 'rtp_mpegts', 'sdp', 'live_flv', 'mpegtsraw'];
/** Playlists that ffmpeg follows, each where it is allowed. */
const SEGMENT_LISTS: readonly string[] = ['hls', 'dash'];

/** What an input may turn out to be: no script, no playlist but those that are allowed, nothing that makes its own sound; or what is stated. */
export function formatWhitelist(
  devices: readonly string[],
  inputOptions: readonly string[],
  allowed: readonly string[],
): string {
  const stated = inputOptions.filter((_, n) => inputOptions[n - 1] === '-f');
  const lists = SEGMENT_LISTS.filter((one) => allowed.includes(one));
  return [...new Set([...CONTAINER_DEMUXERS, ...LIVE_DEMUXERS, ...lists, ...devices, ...stated])].join(',');
}
