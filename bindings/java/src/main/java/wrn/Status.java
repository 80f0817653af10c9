// SPDX-License-Identifier: Apache-2.0
package wrn;

/** The kind of a failure. The order is that of the library's numbers, from 1. */
public enum Status {
    /** An argument or option is out of its range. */
    ARGUMENT,
    /** An allocation failed. */
    NO_MEMORY,
    /** A file cannot be opened or read, or is not a regular file. */
    IO,
    /** The bytes are no model file, or a damaged one. */
    FORMAT,
    /** Well-formed, but something that the library does not run. */
    UNSUPPORTED,
    /** Beyond a documented cap or a limit the caller gave. */
    LIMIT,
    /** Shapes that do not fit each other. */
    SHAPE,
    /** NaN, infinity or negative variance in weights; a fold or an output that overflows. */
    NUMERIC,
    /** A checksum in the file does not match its contents. */
    CHECKSUM,
    /** The golden input gave another output than the one recorded. */
    GOLDEN,
    /** The cancel hook asked to stop. */
    CANCELLED,
    /** The session is in use by another thread. */
    BUSY,
    /** No feature, property or preset of that name. */
    NOT_FOUND,
    /** The model carries no preprocessing, so pixels cannot be used. */
    PREPROCESS,
    /** A code of a newer library. */
    UNKNOWN;

    static Status of(int code) {
        Status[] all = values();
        return code >= 1 && code < all.length ? all[code - 1] : UNKNOWN;
    }
}
