import fc from "fast-check";

// That a law is broken is all that is asked; the smallest example of it would cost most of the time.
fc.configureGlobal({ endOnFailure: true });
