'use strict';

/**
 * Configuration from the environment, read once.
 *
 * A variable that is empty counts as not set. Durations are seconds, sizes are bytes.
 */

const path = require('path');

const MEGABYTE = 1024 * 1024;
const LONGEST = 366 * 86400;

class SettingError extends Error {
    constructor(name, value, remedy) {
        super(`${name}=${JSON.stringify(String(value).slice(0, 100))} cannot be used: ${remedy}`);
    }
}

/** Throws SettingError, whose message names variable, value and remedy. */
function load(environ) {
    const timeout = seconds(environ, 'FUNC_TIMEOUT', 180);
    return {
        module: moduleName(environ),
        handler: handlerName(environ),
        host: environ.FUNC_HOST || '',
        port: integer(environ, 'FUNC_PORT', 8080, 1, 65535),
        /** How long one call may take, waiting included. */
        timeout,
        loadTimeout: seconds(environ, 'FUNC_LOAD_TIMEOUT', 120),
        shutdownTimeout: seconds(environ, 'SHUTDOWN_TIMEOUT', 10),
        runtime: environ.FUNC_RUNTIME || '',
        memoryLimit: environ.FUNC_MEMORY_LIMIT || '',
        volume: path.resolve(environ.KUBELESS_INSTALL_VOLUME || '/kubeless'),
        /** The most threads; more than one only while others are busy. */
        threads: integer(environ, 'FUNC_THREADS', 4, 1, 64),
        maxBody: integer(environ, 'REQ_MB_LIMIT', 1, 1, 1024) * MEGABYTE,
        cloudEvents: environ.FUNC_EVENT_FORMAT === 'cloudevents',
    };
}

function moduleName(environ) {
    const name = environ.MOD_NAME || '';
    if (!name || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
        throw new SettingError('MOD_NAME', name, "give the name of the function's file, without folder and without .js");
    }
    return name;
}

function handlerName(environ) {
    const name = environ.FUNC_HANDLER || '';
    if (!name) throw new SettingError('FUNC_HANDLER', name, 'give the name of a function that the module exports');
    return name;
}

function integer(environ, name, fallback, low, high) {
    const text = environ[name] || String(fallback);
    if (!/^[0-9]{1,15}$/.test(text) || Number(text) < low || Number(text) > high) {
        throw new SettingError(name, text, `give a whole number from ${low} to ${high}`);
    }
    return Number(text);
}

function seconds(environ, name, fallback) {
    const text = environ[name] || String(fallback);
    const value = Number(text);
    if (!(value > 0 && value <= LONGEST)) {
        throw new SettingError(name, text, 'give a number of seconds above 0, such as 180 or 0.5');
    }
    return value;
}

module.exports = { load, SettingError };
