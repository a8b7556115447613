# frozen_string_literal: true

require 'json'
require_relative 'request'

module Kubeless
  # What a function is called with, under the keys of the original runtime.
  module Event
    FIELDS = %w[event-id event-type event-time event-namespace].freeze

    # `data`, the event headers (nil where missing) and `extensions`: the request, and the attributes of a CloudEvent in
    # binary mode under their header names. Raises JSON::ParserError.
    def self.make(request)
      extensions = { request: request }
      request.headers.each { |name, value| extensions[name.to_sym] = value if name.start_with?('ce-') }
      event = { data: data(request), extensions: extensions }
      FIELDS.each { |field| event[field.to_sym] = request.headers[field] }
      event
    end

    def self.context(settings)
      {
        'function-name': settings.handler,
        timeout: settings.timeout.to_s.sub(/\.0\z/, ''), # a string, as it always was
        runtime: settings.runtime,
        'memory-limit': settings.memory_limit
      }
    end

    def self.data(request)
      text = text_of(request.content)
      return text if request.media_type != 'application/json' || text.empty?

      JSON.parse(text)
    end

    # UTF-8 where it is, else bytes.
    def self.text_of(bytes)
      text = bytes.dup.force_encoding(Encoding::UTF_8)
      text.valid_encoding? ? text : text.force_encoding(Encoding::BINARY)
    end
    private_class_method :data, :text_of
  end
end
