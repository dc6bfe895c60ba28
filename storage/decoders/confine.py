"""What the child may no longer do before it reads a byte: little memory and time, no network, no program, no file.

Limits hold everywhere; the filter of system calls (seccomp) on Linux on x86-64 and arm64.
"""

import ctypes
import os
import platform
import resource
import struct
import sys

OUTPUT = 16 << 20  # bytes that it may write, to the file that it was given

EPERM, ENOSYS = 1, 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG0, _ARG1, _ARG2 = 0, 4, 16, 24, 32  # places in struct seccomp_data
_THREAD, _WRITING = 0x10000, os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2

# Architecture -> (its audit number, calls that are refused, openat, open, clone). Of networks, programs, other
# processes, names of files, mounts, kernel interfaces; numbers as in the kernel's tables.
_CALLS: dict[str, tuple[int, tuple[int, ...], int, int | None, int]] = {
    "x86_64": (
        0xC000003E,
        (
            41,
            42,
            43,
            44,
            46,
            49,
            50,
            53,
            57,
            58,
            59,
            62,
            82,
            83,
            84,
            85,
            86,
            87,
            88,
            90,
            92,
            101,
            133,
            165,
            250,
            258,
            259,
            263,
            264,
            265,
            266,
            272,
            288,
            307,
            308,
            310,
            311,
            316,
            321,
            322,
            323,
            425,
            437,
        ),
        257,
        2,
        56,
    ),
    "aarch64": (
        0xC00000B7,
        (
            33,
            34,
            35,
            36,
            37,
            38,
            40,
            97,
            117,
            129,
            198,
            199,
            200,
            201,
            202,
            203,
            206,
            211,
            219,
            221,
            242,
            268,
            269,
            270,
            271,
            276,
            280,
            281,
            282,
            425,
            437,
        ),
        56,
        None,
        220,
    ),
}
_CLONE3 = 435


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def limit(memory: int, cpu_seconds: int) -> None:
    """Sets the limits of memory (bytes), processor time, output, open files and core dumps; phones go first."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def lock() -> bool:
    """Has the kernel refuse what a decoder has no business with, for good; False where this machine cannot."""
    known = _CALLS.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    code = _program(*known)
    kept = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(kept))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_SECCOMP, _FILTER, ctypes.addressof(program), 0, 0) == 0)


def _program(arch: int, refused: tuple[int, ...], openat: int, open_: int | None, clone: int) -> bytes:
    """Classic BPF: another architecture or ABI is refused, then the calls one by one, then flags of three of them."""
    steps = [_step(_LOAD, _ARCH), _step(_EQUAL, arch, 1, 0), _refuse(EPERM), _step(_LOAD, _NR)]
    steps += [_step(_AT_LEAST, 0x40000000, 0, 1), _refuse(EPERM)]
    for number in refused:
        steps += [_step(_EQUAL, number, 0, 1), _refuse(EPERM)]
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _refuse(ENOSYS)]  # the C library then takes `clone`, whose flags show
    # A call, the place of its flags, the bits that count: with them an open writes, without them a clone forks.
    flags = [(openat, _ARG2, _WRITING, (0, 1)), (clone, _ARG0, _THREAD, (1, 0))]
    flags += [(open_, _ARG1, _WRITING, (0, 1))] if open_ is not None else []
    for number, place, bits, (hit, miss) in flags:
        steps += [_step(_EQUAL, number, 0, 4), _step(_LOAD, place), _step(_ANY_BIT, bits, hit, miss)]
        steps += [_refuse(EPERM), _step(_RETURN, _ALLOW)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("HBBI", code, true, false, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)
