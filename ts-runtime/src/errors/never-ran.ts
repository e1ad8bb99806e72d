// How a server says that a refusal came before any handler, so that the call may go to another instance whatever its method
// is (C2). A trailer and no part of the detail: details pass on from callee to caller to caller, and what holds for the
// last of them does not for the one before.

/** The trailer's name; its value says nothing. */
export const neverRanTrailer = "samspel-never-ran";
