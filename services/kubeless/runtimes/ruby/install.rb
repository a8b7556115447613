# frozen_string_literal: true

# Install what a Gemfile names: `ruby install.rb GEMFILE FOLDER` puts the gems where GEM_HOME then finds them, below
# FOLDER/ruby/<version>. It is Bundler, called by this very Ruby, whatever else may be first on PATH.

gemfile, folder = ARGV
ENV.update('BUNDLE_GEMFILE' => gemfile, 'BUNDLE_PATH' => folder, 'BUNDLE_APP_CONFIG' => File.join(folder, '.bundle'),
           'BUNDLE_SILENCE_ROOT_WARNING' => 'true', 'BUNDLE_RETRY' => '1')
begin
  require 'bundler'
  require 'bundler/cli'
rescue LoadError
  abort "#{gemfile} cannot be installed: Bundler is missing; install it with `apt install ruby-bundler`"
end

begin
  Bundler::CLI.start(['install', '--quiet'])
rescue Bundler::BundlerError, Errno::ENOENT => error
  abort "#{gemfile} cannot be installed: #{error.message}"
end
