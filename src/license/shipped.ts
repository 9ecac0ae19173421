/**
 * What ships with the package: the public key, and the license that holds when no other is set (decision 23).
 * The private half of the key was never written down (decision 25): nobody can issue further licenses with it, and a new
 * evaluation license comes with a new public key.
 */
export const SHIPPED_PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAcz+UDW1BB0f5CVu1Kl6/oN7ZPjkHDhSbYl1YQURSTBw=
-----END PUBLIC KEY-----`;

/** Every model, 1,000 parallel streams, 2020 (so that a box whose clock is not set yet can start) to the end of 2031. */
export const EVALUATION_LICENSE = [
  'eyJhbGciOiJFZERTQSIsInR5cCI6ImRlZXB0b25lLWxpY2Vuc2Urand0Iiwia2lkIjoiN0l3U0RxRU5FV0xXN0FCU210dEpkSnd0',
  'YkdSUVpwX01kaWR6NFpLWmdMMCJ9.eyJqdGkiOiJldmFsdWF0aW9uIiwic3ViIjoiRXZhbHVhdGlvbiIsIm1vZGVscyI6IioiLCJ',
  'tYXhfc3RyZWFtcyI6MTAwMCwibmJmIjoxNTc3ODM2ODAwLCJleHAiOjE5NTY1MjgwMDAsImV2YWx1YXRpb24iOnRydWUsImlhdCI',
  '6MTc5NTM1NDk3M30.FMC_OLjJOU-rEG7XF9E_HGk0MweKJr5sXoKokSgPt1mHfKWtyeyOhtOB0LxS125vew73UjIu82BeKL3_xj6',
  'DAQ',
].join('');
