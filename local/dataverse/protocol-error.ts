/** An answer of the Web API that is not a success: status, Dataverse code and text. */
export class DataverseError extends Error {
  override readonly name = 'DataverseError';
  readonly status: number;
  /** `0x` and eight digits; the older `0x0` for query errors. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Members that all annotations add to the body beside the usual ones. */
  annotations: Readonly<Record<string, string>> = {};

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function rowMissing(table: string, id: string): DataverseError {
  return new DataverseError(404, '0x80040217', `${table} With Id = ${id} Does Not Exist`);
}

export function keyMissing(table: string): DataverseError {
  return new DataverseError(
    404,
    '0x80060891',
    `A record with the specified key values does not exist in ${table} entity`,
  );
}

export function resourceMissing(segment: string): DataverseError {
  return new DataverseError(404, '0x8006088a', `Resource not found for the segment '${segment}'.`);
}

export function duplicateRow(detail: string): DataverseError {
  return new DataverseError(412, '0x80040237', detail);
}

export function versionMismatch(): DataverseError {
  return new DataverseError(
    412,
    '0x80060882',
    "The version of the existing record doesn't match the RowVersion property provided.",
  );
}

/** A fault in `$select`, `$filter` and the other query options, or in a key of the URL. */
export function badQuery(message: string): DataverseError {
  return new DataverseError(400, '0x0', message);
}

export function unknownProperty(property: string, table: string): DataverseError {
  return badQuery(
    `Could not find a property named '${property}' on type 'Microsoft.Dynamics.CRM.${table}'.`,
  );
}

/** A fault in the body of a write. */
export function badPayload(entitySet: string, detail: string): DataverseError {
  return new DataverseError(
    400,
    '0x80048d19',
    `Error identified in Payload provided by the user for Entity :'${entitySet}', ----> InnerException : ${detail}`,
  );
}

export function methodNotAllowed(method: string): DataverseError {
  return new DataverseError(
    405,
    '0x8006088a',
    `The requested resource does not support http method '${method}'.`,
  );
}

/** Named honestly: the real service knows this, the stand-in does not. */
export function notImplemented(what: string): DataverseError {
  return new DataverseError(501, '0x80040203', `The stand-in does not implement ${what}.`);
}

interface ErrorText {
  readonly code: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Facts A1: the members that `odata.include-annotations="*"` adds to an error. */
function details(error: ErrorText) {
  const prefix = '@Microsoft.PowerApps.CDS.';
  return {
    [`${prefix}ErrorDetails.OperationStatus`]: '0',
    [`${prefix}ErrorDetails.SubErrorCode`]: '0',
    [`${prefix}HelpLink`]: `http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a${error.code.replace(/^0x/, '')}&client=platform`,
    [`${prefix}TraceText`]: '',
    [`${prefix}InnerError.Message`]: error.message,
    ...error.annotations,
  };
}

/** `{"error":{"code","message"}}`, the only error body of the Web API. */
export function errorBody(error: ErrorText, isAnnotated = false): string {
  const { code, message } = error;
  return JSON.stringify({ error: { code, message, ...(isAnnotated ? details(error) : {}) } });
}
