"""What a process has used at most, as code that runs in it."""

# Not by `getrusage`, where Linux has it otherwise: there the peak of whoever started the process counts too.
PEAK = """
import resource, sys
def peak():
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "linux" else 1024)
"""
