// SPDX-License-Identifier: Apache-2.0
package wrn;

import java.nio.charset.StandardCharsets;

/** A failure that the library reported, with one line of text that names the file, node, tensor or option. */
public final class WrnException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Status status;

    WrnException(Status status, String message) {
        super(message);
        this.status = status;
    }

    /**
     * The kind of the failure.
     *
     * @return never null
     */
    public Status status() {
        return status;
    }

    /** Room for what the library says about a failure: a wrn_error. */
    static byte[] room() {
        return new byte[512];
    }

    /** Throws if a call that was given {@code error} failed. */
    static void check(int status, byte[] error) {
        if (status == 0) return;
        int end = 4; // behind the status
        while (end < error.length && error[end] != 0) end++;
        throw new WrnException(Status.of(status), new String(error, 4, end - 4, StandardCharsets.UTF_8));
    }
}
