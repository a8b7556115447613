"""What hellowithdeps needs beside it in the archive."""


def greeting(*words):
    return "Hello " + " ".join(words)
