// SPDX-License-Identifier: Apache-2.0
'use strict';

/** What the library refused: its line of text, `code` such as 'WRN_E_SHAPE', and the number `status`. */
class WrnError extends Error {
  constructor(message, code, status, options) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}
Object.defineProperty(WrnError.prototype, 'name', { value: 'WrnError' });

module.exports = { WrnError };
