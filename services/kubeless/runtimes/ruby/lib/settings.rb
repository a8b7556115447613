# frozen_string_literal: true

module Kubeless
  # A variable of the environment cannot be used; the message names variable, value and remedy.
  class SettingError < StandardError
    def initialize(name, value, remedy)
      super("#{name}=#{value.to_s[0, 100].inspect} cannot be used: #{remedy}")
    end
  end

  # Configuration from the environment, read once. A variable that is empty counts as not set. Durations are seconds,
  # sizes are bytes.
  class Settings
    MEGABYTE = 1024 * 1024
    LONGEST = 366 * 86_400

    attr_reader :module_name, :handler, :volume, :host, :port, :timeout, :load_timeout, :shutdown_timeout,
                :runtime, :memory_limit, :workers, :max_body

    # Raises SettingError.
    def initialize(environ)
      @environ = environ
      read_function
      @host = text('FUNC_HOST')
      @port = integer('FUNC_PORT', 8080, 1, 65_535)
      @timeout = seconds('FUNC_TIMEOUT', 180)
      @load_timeout = seconds('FUNC_LOAD_TIMEOUT', 120)
      @shutdown_timeout = seconds('SHUTDOWN_TIMEOUT', 10)
      @workers = integer('FUNC_WORKERS', 10, 1, 256)
      @max_body = integer('REQ_MB_LIMIT', 100, 1, 1024) * MEGABYTE
    end

    def file
      File.join(@volume, "#{@module_name}.rb")
    end

    # As people see it in messages.
    def function
      "#{@module_name}.#{@handler}"
    end

    private

    def read_function
      @module_name = text('MOD_NAME')
      if @module_name.empty? || @module_name =~ %r{\A\.\.?\z|[/\\\0]}
        raise SettingError.new('MOD_NAME', @module_name, "give the name of the function's file, without folder and .rb")
      end
      @handler = text('FUNC_HANDLER')
      unless @handler =~ /\A[[:alpha:]_][[:alnum:]_]*[?!]?\z/
        raise SettingError.new('FUNC_HANDLER', @handler, 'give the name of a method in the file, such as hello')
      end
      folders = [text('KUBELESS_INSTALL_VOLUME'), text('MOD_ROOT_PATH'), '/kubeless']
      @volume = File.expand_path(folders.find { |folder| !folder.empty? })
      @runtime = text('FUNC_RUNTIME')
      @memory_limit = text('FUNC_MEMORY_LIMIT')
    end

    def text(name)
      @environ[name] || ''
    end

    def integer(name, default, low, high)
      value = text(name).empty? ? default.to_s : text(name)
      return value.to_i if value =~ /\A[0-9]{1,15}\z/ && value.to_i.between?(low, high)

      raise SettingError.new(name, value, "give a whole number from #{low} to #{high}")
    end

    def seconds(name, default)
      value = text(name).empty? ? default.to_s : text(name)
      number = value =~ /\A[0-9]*\.?[0-9]+\z/ ? value.to_f : 0
      return number if number > 0 && number <= LONGEST

      raise SettingError.new(name, value, 'give a number of seconds above 0, such as 180 or 0.5')
    end
  end
end
