# A repository of gems in a folder, with one gem in it: `ruby gems.rb FOLDER`. It is written without `gem
# generate_index`, which newer RubyGems do not have.
require 'rubygems/package'
require 'zlib'

folder = File.expand_path(ARGV.fetch(0))
Dir.mkdir(File.join(folder, 'lib'))
File.write(File.join(folder, 'lib', 'kubeless_used.rb'), "module KubelessUsed\n  WORD = 'used'\nend\n")
spec = Gem::Specification.new do |it|
  it.name = 'kubeless_used'
  it.version = '1.0.7'
  it.summary = it.author = 'the tests'
  it.files = ['lib/kubeless_used.rb']
end

Dir.chdir(folder) do
  %w[gems quick quick/Marshal.4.8].each { |name| Dir.mkdir(name) }
  Gem::Package.build(spec, true, false, "gems/#{spec.file_name}")
  File.binwrite("quick/Marshal.4.8/#{spec.full_name}.gemspec.rz", Zlib.deflate(Marshal.dump(spec)))
  { 'specs' => [spec], 'latest_specs' => [spec], 'prerelease_specs' => [] }.each do |name, specs|
    index = Marshal.dump(specs.map { |one| [one.name, one.version, 'ruby'] })
    Zlib::GzipWriter.open("#{name}.4.8.gz") { |file| file.write(index) }
  end
end
