/**
 * Who of a group hears a device, without anybody to decide it: rendezvous hashing (Thaler and Ravishankar, "Using name-based
 * mappings to increase hit rates", 1998). Everybody who knows the same members comes to the same answer, and a member that joins or
 * leaves moves 1/N of the devices: its own.
 */
import { createHash } from 'node:crypto';

/** Bytes of a digest that a number holds exactly. */
const WEIGHT_BYTES = 6;

/**
 * The member that owns a device: the one with the greatest hash of both names.
 *
 * @param device any name that all members have for it
 * @param members ids of the live members, in any order
 * @returns undefined where there is no member
 */
export function ownerOf(device: string, members: Iterable<string>): string | undefined {
  let owner: string | undefined;
  let greatest = -1;
  for (const member of members) {
    const weight = weightOf(member, device);
    // Two of the same weight are one in 2^48; the name decides, so that the order of members never does.
    if (weight < greatest || (weight === greatest && owner !== undefined && member < owner)) continue;
    greatest = weight;
    owner = member;
  }
  return owner;
}

/** MQTT allows no NUL in a topic, so that two pairs of names never become one text. */
function weightOf(member: string, device: string): number {
  return createHash('sha256').update(`${member}\0${device}`).digest().readUIntBE(0, WEIGHT_BYTES);
}
