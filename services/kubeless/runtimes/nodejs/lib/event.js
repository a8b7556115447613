'use strict';

/** What a function is called with. */

const { cloudEvent } = require('./cloudevents');
const { Request } = require('./request');

/** The request and the response are made when the function asks for them: most never do. */
class Extensions {
    constructor(incoming, reply, data) {
        Object.defineProperty(this, '_of', { value: { incoming, reply, data } });
    }

    get request() {
        const own = this._of;
        if (!own.request) {
            own.request = new Request(own.incoming, own.data);
            own.request.res = own.reply.response;
        }
        return own.request;
    }

    get response() {
        return this._of.reply.response;
    }
}

function makeEvent(incoming, reply, settings) {
    if (settings.cloudEvents) {
        const event = cloudEvent(incoming);
        const extensions = new Extensions(incoming, reply, event.data);
        event.extensions = Object.assign(extensions, event.extensions);
        return event;
    }
    const { headers } = incoming;
    const data = parseData(headers['content-type'], incoming.body);
    const extensions = new Extensions(incoming, reply, data);
    for (const name in headers) {
        if (name.startsWith('ce-')) extensions[name] = headers[name];
    }
    return {
        'event-type': headers['event-type'],
        'event-id': headers['event-id'],
        'event-time': headers['event-time'],
        'event-namespace': headers['event-namespace'],
        data,
        extensions,
    };
}

/** Throws SyntaxError when the body is announced as JSON and is none. */
function parseData(contentType, body) {
    if (body.length === 0) return {};
    const text = body.toString();
    return isJson(contentType) ? JSON.parse(text) : text;
}

function isJson(contentType) {
    return contentType !== undefined && contentType.split(';', 1)[0].trim().toLowerCase() === 'application/json';
}

module.exports = { makeEvent, parseData };
