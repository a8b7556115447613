'use strict';

/**
 * The event of the CloudEvents runtime (`nodejsCE`).
 *
 * Events of version 0.1 and of 1.0 are understood, in binary and in structured mode. The attributes are there under the
 * names of both versions, so that a function written for one can be sent the other.
 */

const OLD_OF_NEW = {
    id: 'eventID',
    type: 'eventType',
    time: 'eventTime',
    source: 'source',
    dataschema: 'schemaURL',
    specversion: 'cloudEventsVersion',
    datacontenttype: 'contentType',
};
const OLD_HEADERS = {
    'ce-eventid': 'eventID',
    'ce-eventtype': 'eventType',
    'ce-eventtypeversion': 'eventTypeVersion',
    'ce-eventtime': 'eventTime',
    'ce-eventsource': 'source',
    'ce-schemaurl': 'schemaURL',
    'ce-cloudeventsversion': 'cloudEventsVersion',
};
const NEW_NAMES = new Set(['id', 'type', 'time', 'source', 'subject', 'dataschema', 'specversion']);

/** Throws when the request holds no event that can be understood. */
function cloudEvent({ headers, body }) {
    const type = (headers['content-type'] || '').split(';', 1)[0].trim().toLowerCase();
    if (type === 'application/cloudevents+json') return structured(JSON.parse(body.toString()));
    if (type.startsWith('application/cloudevents')) throw new Error(`events of the type ${type} are not understood`);
    return binary(headers, type, body);
}

function structured(event) {
    if (event === null || typeof event !== 'object' || Array.isArray(event)) throw new Error('the event is no JSON object');
    const { data_base64: base64, ...rest } = event;
    const extensions = { ...rest.extensions };
    if (base64 !== undefined) rest.data = Buffer.from(base64, 'base64');
    return { ...bothNames(rest), extensions };
}

function binary(headers, type, body) {
    const event = {};
    const extensions = {};
    for (const name in headers) {
        if (!name.startsWith('ce-')) continue;
        const attribute = name.slice(3);
        if (OLD_HEADERS[name]) event[OLD_HEADERS[name]] = headers[name];
        else if (NEW_NAMES.has(attribute)) event[attribute] = headers[name];
        else extensions[attribute.startsWith('x-') ? attribute.slice(2) : attribute] = headers[name];
    }
    if (headers['content-type']) event.contentType = headers['content-type'];
    event.data = parse(type, body);
    return { ...bothNames(event), extensions };
}

function parse(type, body) {
    if (body.length === 0) return {};
    const text = body.toString();
    return type === 'application/json' || type.endsWith('+json') ? JSON.parse(text) : text;
}

function bothNames(event) {
    for (const [current, old] of Object.entries(OLD_OF_NEW)) {
        if (event[current] === undefined && event[old] !== undefined) event[current] = event[old];
        else if (event[old] === undefined && event[current] !== undefined) event[old] = event[current];
    }
    return event;
}

module.exports = { cloudEvent };
