# frozen_string_literal: true

require_relative 'pipeline'
require_relative 'request_reader'

module Kubeless
  # One client's connection: requests come in, each is answered before the next is read.
  class Connection
    IDLE_LIFE = 75.0 # longer than a client keeps an idle connection, so that the client closes first
    STALL = 60.0 # seconds without a byte in the middle of a request, or of an answer
    LINGER = 2.0
    REASONS = {
      200 => 'OK', 201 => 'Created', 202 => 'Accepted', 204 => 'No Content', 301 => 'Moved Permanently', 302 => 'Found',
      303 => 'See Other', 304 => 'Not Modified', 400 => 'Bad Request', 401 => 'Unauthorized', 403 => 'Forbidden',
      404 => 'Not Found', 405 => 'Method Not Allowed', 408 => 'Request Timeout', 409 => 'Conflict',
      413 => 'Content Too Large', 422 => 'Unprocessable Content', 429 => 'Too Many Requests',
      431 => 'Request Header Fields Too Large', 500 => 'Internal Server Error', 501 => 'Not Implemented',
      502 => 'Bad Gateway', 503 => 'Service Unavailable'
    }.freeze
    UNREAD = ['-', '-', '-', {}].freeze

    attr_reader :client

    # `front` hears `handle` with each request, and `closed`.
    def initialize(io, client, front, reactor, max_body)
      @pipeline = Pipeline.new(io)
      @client = client
      @front = front
      @reactor = reactor
      @reader = RequestReader.new(max_body)
      @request = nil
      @state = :open # then :closing (when all is written), :lingering, :closed
      @processing = false
      @active = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @reactor.watch(io, self)
    end

    def on_readable
      bytes = @pipeline.read
      return close if bytes.nil?

      @active = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      return if @state == :lingering

      @reader.feed(bytes)
      process
    end

    def on_writable
      @active = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      send('')
    end

    def plain(status, text, type = 'text/plain; charset=utf-8')
      respond(status, "Content-Type: #{type}\r\n", text)
    end

    # `headers` are lines without those that frame the message.
    def respond(status, headers, body)
      return if @state == :closed

      method, target, version, fields = @request || UNREAD
      last = @request.nil? || @front.stopping? || !keep_alive?(version, fields)
      bodiless = status == 204 || status == 304
      head = "HTTP/1.1 #{status} #{REASONS[status] || 'Status'}\r\n#{headers}"
      head += "Content-Length: #{body.bytesize}\r\n" unless bodiless
      head += last ? "Connection: close\r\n\r\n" : "\r\n"
      shown = bodiless || method == 'HEAD' ? '' : body
      @front.log.record(@client, method, target.partition('?').first, version, fields, status, shown.bytesize)
      @request = nil
      @state = :closing if last
      send(head.b << shown.b)
      resume unless last
    end

    # Stalled or idle for too long.
    def sweep(now)
      return if @request

      limit = { open: midway? ? STALL : IDLE_LIFE, closing: STALL, lingering: LINGER }[@state]
      close if limit && now - @active > limit
    end

    def close_if_idle
      close if @state == :open && @request.nil? && !midway?
    end

    def close
      return if @state == :closed

      @state = :closed
      @reactor.forget(@pipeline.io)
      @pipeline.close
      @front.closed(self)
    end

    def close_in_child
      @pipeline.close
    end

    private

    def midway?
      @reader.midway? || @pipeline.pending?
    end

    def keep_alive?(version, fields)
      asked = fields['connection'].to_s.downcase
      version == 'HTTP/1.1' ? !asked.include?('close') : asked.include?('keep-alive')
    end

    def process
      return if @processing # a request that is answered at once comes back here

      @processing = true
      take while @state == :open && @request.nil? && (@request = @reader.next)
      send("HTTP/1.1 100 Continue\r\n\r\n") if @state == :open && @request.nil? && @reader.expects_continue?
    rescue BadRequest => error
      @request = nil
      plain(error.status, "#{error.message}\n")
    ensure
      @processing = false
    end

    def take
      @reactor.unwatch(@pipeline.io) # a client that sends ahead waits
      @front.handle(self, @request)
    end

    def resume
      @reactor.watch(@pipeline.io, self)
      process
    end

    def send(bytes)
      return close unless @pipeline.write(bytes)

      if @pipeline.pending?
        @reactor.want_room(@pipeline.io, self)
      elsif @state == :closing
        linger
      end
    end

    # Close our side and let the client close its own: to close while it still sends could take the answer from it.
    def linger
      @state = :lingering
      @pipeline.io.close_write
      @reactor.watch(@pipeline.io, self)
    rescue SystemCallError
      close
    end
  end
end
