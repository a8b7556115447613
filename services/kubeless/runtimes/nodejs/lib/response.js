'use strict';

/**
 * The response as functions know it from Express: `status()`, `set()`, `json()`, `send()`, `redirect()`, and a writable
 * stream. What is ended in one go travels in one go; a stream is sent piece by piece, at the pace of the client.
 */

const { STATUS_CODES } = require('http');
const { Writable } = require('stream');

const TYPES = { html: 'text/html', json: 'application/json', text: 'text/plain', txt: 'text/plain', xml: 'application/xml', bin: 'application/octet-stream' };

class Response extends Writable {
    constructor(reply) {
        super();
        this.statusCode = 200;
        this.locals = {};
        this.headersSent = false;
        this._reply = reply;
        this._headers = new Map();
        this._began = false;
        this._whole = undefined;
        this.on('error', (error) => reply.fail(error));
        this.on('pipe', () => { this._began = true; });
    }

    /** Whether the function answers through this object. */
    get isTaken() {
        return this._began || this.writableEnded;
    }

    get finished() {
        return this.writableEnded;
    }

    status(code) {
        this.statusCode = code;
        return this;
    }

    sendStatus(code) {
        return this.status(code).type('text').send(STATUS_CODES[code] || String(code));
    }

    set(name, value) {
        if (typeof name === 'object') Object.entries(name).forEach(([key, one]) => this.setHeader(key, one));
        else this.setHeader(name, value);
        return this;
    }

    header(name, value) {
        return this.set(name, value);
    }

    append(name, value) {
        const before = this.getHeader(name);
        return this.set(name, before === undefined ? value : [].concat(before, value));
    }

    get(name) {
        return this.getHeader(name);
    }

    setHeader(name, value) {
        if (this.headersSent) throw new Error('Cannot set headers after they are sent to the client');
        const text = Array.isArray(value) ? value.map(String) : String(value);
        this._headers.set(String(name).toLowerCase(), [String(name), text]);
        return this;
    }

    getHeader(name) {
        const found = this._headers.get(String(name).toLowerCase());
        return found && found[1];
    }

    getHeaders() {
        return Object.fromEntries([...this._headers].map(([lower, [, value]]) => [lower, value]));
    }

    hasHeader(name) {
        return this._headers.has(String(name).toLowerCase());
    }

    removeHeader(name) {
        this._headers.delete(String(name).toLowerCase());
    }

    type(name) {
        const type = name.includes('/') ? name : TYPES[name] || 'application/octet-stream';
        const isText = type.startsWith('text/') || type === 'application/json';
        return this.set('Content-Type', isText && !type.includes('charset') ? `${type}; charset=utf-8` : type);
    }

    contentType(name) {
        return this.type(name);
    }

    location(url) {
        return this.set('Location', url);
    }

    redirect(...values) {
        const [code, url] = values.length > 1 ? values : [302, values[0]];
        return this.status(code).location(url).type('text').send(`${STATUS_CODES[code]}. Redirecting to ${url}`);
    }

    json(value) {
        if (!this.hasHeader('Content-Type')) this.type('json');
        const text = JSON.stringify(value);
        return this.end(text === undefined ? '' : text);
    }

    send(value) {
        if (value === undefined) return this.end();
        if (typeof value === 'string') return this.hasHeader('Content-Type') ? this.end(value) : this.type('html').end(value);
        if (!(value instanceof Uint8Array)) return this.json(value);
        return this.hasHeader('Content-Type') ? this.end(value) : this.type('bin').end(value);
    }

    writeHead(code, ...rest) {
        this.statusCode = code;
        const headers = rest.find((one) => one && typeof one === 'object');
        if (headers) this.set(headers);
        return this;
    }

    flushHeaders() {
        if (this.headersSent) return;
        this._began = true;
        this.headersSent = true;
        this._reply.head(this.statusCode, this._flat());
    }

    write(...values) {
        this._began = true;
        return super.write(...values);
    }

    end(chunk, encoding, callback) {
        if (this._began || this.writableEnded || typeof chunk === 'function') return super.end(chunk, encoding, callback);
        if (typeof chunk === 'string') this._whole = encoding && typeof encoding === 'string' ? Buffer.from(chunk, encoding) : chunk;
        else this._whole = chunk === undefined || chunk === null ? '' : chunk;
        return super.end(typeof encoding === 'function' ? encoding : callback);
    }

    _write(chunk, encoding, done) {
        this.flushHeaders();
        this._reply.piece(chunk, done);
    }

    _final(done) {
        if (this._began) {
            this.flushHeaders();
            this._reply.end();
        } else {
            this.headersSent = true;
            this._reply.send(this.statusCode, this._flat(), this._whole === undefined ? '' : this._whole);
        }
        done();
    }

    _flat() {
        return Object.fromEntries(this._headers.values());
    }
}

module.exports = { Response };
