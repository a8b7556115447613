# frozen_string_literal: true

require 'socket'
require_relative 'access_log'
require_relative 'call'
require_relative 'connection'
require_relative 'pool'
require_relative 'reactor'
require_relative 'worker_process'

module Kubeless
  # The address and port to serve on cannot be bound.
  class PortUnavailable < StandardError; end

  # The process that speaks HTTP: health and metrics here, everything else to the pool of workers.
  class Front
    SWEEP = 1.0
    LINGER = 0.3 # seconds that idle connections stay when the server stops: a request may already be on its way in them
    FAREWELL = 1.0 # seconds that workers have for their exit handlers
    BATCH = 64
    NO_DESCRIPTORS = 0.5

    attr_reader :log

    # Raises PortUnavailable.
    def initialize(settings)
      @settings = settings
      @reactor = Reactor.new
      @log = AccessLog.new
      @connections = {}.compare_by_identity
      @pool = Pool.new(settings, @reactor, self)
      @listener = bind
      @signals, @signals_end = IO.pipe
      @lifeline, @lifeline_end = IO.pipe # its end tells workers that this process has died
      @stopping_since = nil
      @exit_code = nil
      @accept_after = nil
      @swept = now
    end

    # The exit code: 0 after a requested stop, 1 if the function cannot be run or the stop was hurried.
    def run
      %w[TERM INT CHLD].each { |name| trap(name) { @signals_end.write_nonblock(name[0], exception: false) } }
      @reactor.watch(@signals, Watcher.new(-> { on_signal }))
      @pool.spawn
      until over?
        @reactor.turn(pause)
        @pool.tick(now)
        sweep
        @log.flush
      end
      farewell
      @exit_code
    end

    def stopping?
      !@stopping_since.nil?
    end

    def needs_workers?
      @exit_code.nil? && (!stopping? || !@pool.idle?)
    end

    # Of the pool: the function is loaded.
    def ready
      return if stopping?

      @listener.listen(1024)
      @reactor.watch(@listener, Watcher.new(-> { accept }))
    end

    # Of the pool: the function cannot be loaded, and the log says why.
    def fatal
      @exit_code = 1
    end

    # In the child. What belongs to this process is closed there.
    def become_worker(channel)
      %w[TERM INT].each { |name| trap(name) {} } # a group gets these all at once, but to stop is said by the front
      trap('CHLD', 'DEFAULT')
      [@listener, @signals, @signals_end, @lifeline_end].each { |io| io.close unless io.closed? }
      @connections.each_key(&:close_in_child)
      @pool.workers.each_value(&:close_in_child)
      exit WorkerProcess.new(@settings, channel, @lifeline).run
    end

    # Of a connection: a request is there.
    def handle(connection, request)
      method, target, _, _, body = request
      path = target.partition('?').first
      if body.nil?
        connection.plain(413, "the body is larger than #{@settings.max_body} bytes\n")
      elsif method == 'GET' && path == '/healthz'
        connection.plain(200, 'OK')
      elsif method == 'GET' && path == '/metrics'
        connection.plain(200, @pool.metrics.render, Metrics::CONTENT_TYPE)
      else
        @pool.submit(Call.new(connection, [*request, connection.client], @settings.timeout))
      end
    end

    def closed(connection)
      @connections.delete(connection)
    end

    # Hears of something that is readable.
    Watcher = Struct.new(:action) do
      def on_readable
        action.call
      end
    end

    private

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def pause
      seconds = [@pool.next_moment(now) - now, 0].max
      stopping? || @accept_after ? [seconds, 0.1].min : seconds
    end

    def bind
      return bind_to(@settings.host) unless @settings.host.empty?

      begin
        bind_to('::')
      rescue PortUnavailable
        bind_to('0.0.0.0') # no IPv6 in this network; if it is the port that is taken, IPv4 says so as well
      end
    end

    def bind_to(host)
      address = Addrinfo.tcp(host, @settings.port)
      socket = Socket.new(address.afamily, Socket::SOCK_STREAM)
      socket.setsockopt(:SOCKET, :REUSEADDR, true)
      socket.setsockopt(Socket::IPPROTO_IPV6, Socket::IPV6_V6ONLY, false) if host == '::'
      socket.bind(address)
      socket
    rescue SystemCallError, SocketError => error
      raise PortUnavailable, "port #{@settings.port} of #{host} cannot be bound: #{error.message}; " \
                             'free the port or set another FUNC_PORT or FUNC_HOST'
    end

    def accept
      BATCH.times do
        socket, address = @listener.accept_nonblock(exception: false)
        return if socket == :wait_readable

        socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, true)
        client = address.ip_address.sub(/\A::ffff:/, '')
        @connections[Connection.new(socket, client, self, @reactor, @settings.max_body)] = true
      end
    rescue Errno::EMFILE, Errno::ENFILE
      $stderr.write("no connection can be accepted for now: too many files are open\n")
      @reactor.unwatch(@listener)
      @accept_after = now + NO_DESCRIPTORS
    rescue SystemCallError
      nil # the client has gone already
    end

    def on_signal
      names = @signals.read_nonblock(256)
      reap if names.include?('C')
      stop if names =~ /[TI]/
    end

    def reap
      loop do
        pid, status = Process.wait2(-1, Process::WNOHANG)
        return if pid.nil?

        @pool.reaped(pid, status)
      end
    rescue Errno::ECHILD
      nil
    end

    # Calls in progress finish; a second signal ends everything.
    def stop
      return @exit_code = 1 if stopping?

      accept unless @listener.closed?
      @stopping_since = now
      @reactor.forget(@listener)
      @listener.close
    end

    def sweep
      if @accept_after && @accept_after <= now && !stopping?
        @accept_after = nil
        @reactor.watch(@listener, Watcher.new(-> { accept }))
      end
      @connections.keys.each(&:close_if_idle) if stopping? && now > @stopping_since + LINGER
      return if now < @swept + SWEEP

      @swept = now
      @connections.keys.each { |connection| connection.sweep(now) }
    end

    def over?
      return true if @exit_code
      return false unless stopping?

      if @connections.empty? && @pool.idle?
        @exit_code = 0
      elsif now > @stopping_since + @settings.shutdown_timeout
        $stderr.write("calls were still running #{@settings.shutdown_timeout} s after the request to stop\n")
        @pool.give_up
        @exit_code = 1
      end
      !@exit_code.nil?
    end

    def farewell
      @log.flush
      @pool.workers.each_value(&:dismiss)
      @lifeline_end.close
      limit = now + (@exit_code.zero? ? FAREWELL : 0)
      until @pool.workers.empty? || now > limit
        @reactor.turn(0.05)
      end
      @pool.workers.each_value(&:kill)
    end
  end
end
