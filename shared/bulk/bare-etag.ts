/**
 * The value of an entity tag without quotes and weakness (RFC 9110 section 8.8.3), as blob
 * listings, `$import` and version ids have it; '' for none.
 */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"(.*)"$/, '$1');
}
