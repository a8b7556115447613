'use strict';

/** The request as functions know it from Express: a readable stream with the usual properties. */

const querystring = require('querystring');
const { Readable } = require('stream');

class Request extends Readable {
    constructor({ method, url, headers, body, remoteAddress }, data) {
        super();
        const mark = url.indexOf('?');
        this.method = method;
        this.url = url;
        this.originalUrl = url;
        this.baseUrl = '';
        this.path = mark < 0 ? url : url.slice(0, mark);
        this.query = mark < 0 ? {} : { ...querystring.parse(url.slice(mark + 1)) };
        this.params = {};
        this.headers = headers;
        this.httpVersion = '1.1';
        this.protocol = 'http';
        this.ip = remoteAddress;
        this.socket = { remoteAddress };
        this.connection = this.socket;
        this.body = data;
        this.rawBody = body;
        this._rest = body;
    }

    get hostname() {
        return (this.headers.host || '').replace(/:\d+$/, '');
    }

    get xhr() {
        return (this.get('x-requested-with') || '').toLowerCase() === 'xmlhttprequest';
    }

    get(name) {
        const lower = String(name).toLowerCase();
        return this.headers[lower === 'referrer' ? 'referer' : lower];
    }

    header(name) {
        return this.get(name);
    }

    /** Whether the body is of one of these types: `json`, `html`, `text/plain`, `image/*`. */
    is(...types) {
        const own = (this.get('content-type') || '').split(';', 1)[0].trim().toLowerCase();
        if (!own) return false;
        return types.flat().find((type) => matches(own, String(type).toLowerCase())) || false;
    }

    _read() {
        if (this._rest && this._rest.length) this.push(this._rest);
        this._rest = null;
        this.push(null);
    }
}

function matches(own, type) {
    if (!type.includes('/')) return own.endsWith(`/${type}`) || own.endsWith(`+${type}`);
    return type.endsWith('/*') ? own.startsWith(type.slice(0, -1)) : own === type;
}

module.exports = { Request };
