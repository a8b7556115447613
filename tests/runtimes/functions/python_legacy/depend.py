import iniconfig


def run(event, context):
    return iniconfig.IniConfig("x.ini", data="[a]\nb = used\n")["a"]["b"]
