"""Every language there is, in the order in which its runtimes are listed to people. A new one is added here."""

from kubeless.runtimes.languages import ballerina, dotnet, go, java, nodejs, php, python, ruby

LANGUAGES = (
    python.LANGUAGE,
    nodejs.LANGUAGE,
    ruby.LANGUAGE,
    php.LANGUAGE,
    go.LANGUAGE,
    dotnet.LANGUAGE,
    java.LANGUAGE,
    ballerina.LANGUAGE,
)
