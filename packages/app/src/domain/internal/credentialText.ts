/** What an `authorization` header can carry: printable ASCII, at least one character. */
export const credentialText = /^[\u0020-\u007e]+$/
