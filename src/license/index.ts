/** The license room: a key in, rights out. Nothing in here uses the network. */
export { EXPIRY_NOTICE_DAYS, GRACE_HOURS, type License, type LicenseState, formatTime } from './license';
export { LicenseGuard, type LicenseGuardOptions, type LicenseStatus } from './license-guard';
export { generateLicenseKeyPair, issueLicense, type LicenseKeyPair } from './issue-license';
export { parsePublicKeys } from './public-keys';
export { EVALUATION_LICENSE } from './shipped';
export {
  inspectLicense,
  type TrustOptions,
  type UnverifiedLicense,
  verifyLicense,
  type VerifyOptions,
} from './verify-license';
