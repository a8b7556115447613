# frozen_string_literal: true

require 'stringio'
require 'uri'

module Kubeless
  # The HTTP request, as a function finds it in event[:extensions][:request].
  #
  # The original runtime handed out Sinatra's request; the names here are those that functions commonly use of it.
  # Nothing is computed before it is asked for.
  class Request
    attr_reader :request_method, :target, :version, :headers, :content, :ip

    # `headers` by name in lower case; `content` is the whole body.
    def initialize(method, target, version, headers, content, ip)
      @request_method = method
      @target = target
      @version = version
      @headers = headers
      @content = content
      @ip = ip
      @raw_path, _, @query_string = target.partition('?')
    end

    attr_reader :raw_path, :query_string

    # The path with percent-encoding resolved.
    def path
      bytes = @raw_path.gsub(/%(\h\h)/) { $1.hex.chr }
      bytes.force_encoding(Encoding::UTF_8)
    end
    alias path_info path

    def [](header)
      @headers[header.to_s.downcase]
    end
    alias get_header []

    # Parameters of the query and of a form. Of a repeated one the last value counts.
    def params
      @params ||= parameters(@query_string).merge(form? ? parameters(@content) : {})
    end

    # The body as a file; the same one each time, so that it can be read in parts.
    def body
      @body ||= StringIO.new(@content)
    end

    def media_type
      type = @headers['content-type']
      type && type.split(';', 2).first.to_s.strip.downcase
    end

    def content_type
      @headers['content-type']
    end

    def content_length
      @content.bytesize
    end

    def user_agent
      @headers['user-agent']
    end

    def host
      @headers['host'] || 'localhost'
    end

    def url
      "http://#{host}#{@target}"
    end

    def get?
      @request_method == 'GET'
    end

    def post?
      @request_method == 'POST'
    end

    # As Rack has it.
    def env
      named = @headers.map { |name, value| [cgi_name(name), value] }.to_h
      named.merge('REQUEST_METHOD' => @request_method, 'PATH_INFO' => path, 'QUERY_STRING' => @query_string,
                  'REMOTE_ADDR' => @ip, 'SERVER_PROTOCOL' => @version, 'rack.input' => body)
    end

    private

    def cgi_name(name)
      upper = name.upcase.tr('-', '_')
      %w[CONTENT_TYPE CONTENT_LENGTH].include?(upper) ? upper : "HTTP_#{upper}"
    end

    def form?
      media_type == 'application/x-www-form-urlencoded'
    end

    def parameters(text)
      URI.decode_www_form(text.dup.force_encoding(Encoding::UTF_8)).to_h
    rescue ArgumentError
      {}
    end
  end
end
