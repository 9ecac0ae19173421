import type { GroupAgreement } from './group-messages';

/** What all members of a group must be set to alike, beside the topic filter: else it would depend on the member what is heard of a device. */
export function groupAgreement(
  { models, outputPeriod }: { readonly models?: readonly string[]; readonly outputPeriod?: number },
  devicePattern: string | undefined,
  markPrefix = false,
): GroupAgreement {
  const device = devicePattern?.trim();
  return {
    models: [...new Set(models)].sort(),
    ...(markPrefix ? { markPrefix } : {}),
    ...(outputPeriod === undefined ? {} : { outputPeriod }),
    ...(device === undefined || device === '' ? {} : { device }),
  };
}
