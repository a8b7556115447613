# frozen_string_literal: true

require 'json'

module Kubeless
  # What the function returned cannot be sent; the message tells what can.
  class UnusableAnswer < StandardError; end

  # What a function returns, as status, header lines (without those that frame the message) and body.
  module Answer
    TEXT = 'text/html; charset=utf-8'
    NAME = /\A[!#$%&'*+\-.^_`|~0-9A-Za-z]+\z/
    OURS = %w[connection content-length date keep-alive trailer transfer-encoding upgrade].freeze
    RETURNABLE = 'return a String, Hash, Array, number, nil, or [status, headers, body]'

    # Raises UnusableAnswer.
    def self.encode(value)
      status, headers, content = rack?(value) ? split(value) : [200, {}, value]
      body, type = encode_body(content)
      [status, header_lines(headers, type), body]
    end

    # [status, headers, body] or [status, body], as Rack and Sinatra have it.
    def self.rack?(value)
      value.is_a?(Array) && value[0].is_a?(Integer) && value[0].between?(200, 599) &&
        (value.length == 3 && value[1].respond_to?(:each_pair) || value.length == 2 && !value[1].is_a?(Numeric))
    end

    def self.split(value)
      value.length == 3 ? value : [value[0], {}, value[1]]
    end

    def self.encode_body(value)
      case value
      when nil then ['', TEXT]
      when String, Symbol then [value.to_s, TEXT]
      when Hash, Numeric, true, false then [json(value), value.is_a?(Hash) ? 'application/json' : TEXT]
      when Array
        value.all? { |part| part.is_a?(String) } ? [value.join, TEXT] : [json(value), 'application/json']
      else [join(value), TEXT]
      end
    end

    def self.json(value)
      JSON.generate(value)
    rescue JSON::JSONError, EncodingError, SystemStackError => error
      raise UnusableAnswer, "the function returned a #{value.class} that is no JSON: #{error.message}"
    end

    # An enumerator, or a body as Rack has it.
    def self.join(parts)
      told = "the function returned a #{parts.class}"
      raise UnusableAnswer, "#{told}, which cannot be sent: #{RETURNABLE}" unless parts.respond_to?(:each)

      joined = String.new
      parts.each do |part|
        raise UnusableAnswer, "#{told} with a #{part.class} in it: #{RETURNABLE}" unless part.is_a?(String)

        joined << part.b
      end
      joined
    end

    def self.header_lines(headers, type)
      pairs = headers.flat_map { |name, value| Array(value).map { |one| [name.to_s, one.to_s] } }
      pairs.reject! { |name, _| OURS.include?(name.downcase) }
      pairs << ['Content-Type', type] unless pairs.any? { |name, _| name.casecmp('content-type').zero? }
      pairs.each do |name, value|
        next if name =~ NAME && value.b !~ /[\x00-\x08\x0a-\x1f\x7f]/n

        raise UnusableAnswer, "the header #{name.inspect}: #{value.inspect} contains characters that no header may have"
      end
      pairs.map { |name, value| "#{name}: #{value}\r\n".b }.join
    end

    private_class_method :rack?, :split, :encode_body, :json, :join, :header_lines
  end
end
