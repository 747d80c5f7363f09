/** What an `authorization` header can carry: printable ASCII, at least one sign of it. */
export const credentialText = /^[\u0020-\u007e]+$/
