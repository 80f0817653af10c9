// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Model } = require('./lib/model');
const { Session } = require('./lib/session');
const { WrnError } = require('./lib/errors');
const { convert, convertSync } = require('./lib/convert');
const { preset } = require('./lib/records');
const { version } = require('./lib/library');

module.exports = { Model, Session, WrnError, convert, convertSync, preset, version };
