const word = /^[!-~]{1,128}$/;
const typeName = /^[A-Z][A-Za-z]{0,63}$/;

/** An id as it may stand in a certificate: what is no plain word is percent-encoded and cut. */
export function publicId(id: string): string {
  return word.test(id) ? id : encoded(id).slice(0, 128);
}

export function publicVersion(versionId: string): string {
  return publicId(versionId).slice(0, 64);
}

/** `Type/id`, or null when no type can be told. */
export function publicReference(reference: string): string | null {
  const slash = reference.indexOf('/');
  const type = reference.slice(0, Math.max(0, slash));
  const id = publicId(reference.slice(slash + 1));
  return typeName.test(type) && id.length > 0 ? `${type}/${id}` : null;
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
