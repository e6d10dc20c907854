"""Attempts on the network, and on the channel to the host."""

from __future__ import annotations

from tests.sandbox.jail.attack import NETWORK, Attack, syscall

EVERY_NETWORK = (
    Attack("connect by TCP", ("namespaces", "landlock", "seccomp"), """
        line = socket.socket()
        line.settimeout(2)
        line.connect(('127.0.0.1', bait['tcp']))
        through = line.recv(5) == b'bait!'
    """, landlock=4),
    Attack("listen on TCP", ("landlock", "seccomp"), """
        line = socket.socket()
        line.bind(('0.0.0.0', 0))
        line.listen()
        through = True
    """, landlock=4),
    Attack("send by UDP", NETWORK, """
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.settimeout(2)
        line.sendto(b'ping', ('127.0.0.1', bait['udp']))
        through = line.recv(5) == b'bait!'
    """),
    Attack("connect to a socket in a folder, as Redis has one", NETWORK, """
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(2)
        line.connect(bait['unix'])
        through = line.recv(5) == b'bait!'
    """),
    Attack("connect to an abstract socket", ("namespaces", "landlock", "seccomp"), """
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(2)
        line.connect(bait['abstract'])
        through = line.recv(5) == b'bait!'
    """, landlock=6),
    Attack("listen to the kernel", ("seccomp",), """
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        through = True
    """),
    Attack("talk to the kernel's cipher", ("seccomp",), "socket.socket(38, socket.SOCK_SEQPACKET, 0); through = True",
           no_control="not every kernel has AF_ALG"),
    Attack("make a raw socket", ("user", "seccomp"),
           "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); through = True", as_root=True),
    Attack("make a pair of sockets", ("seccomp",), "socket.socketpair(); through = True"),
    Attack("look up a name", ("namespaces", "seccomp"), """
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.connect(('192.0.2.1', 53))
        through = line.send(b'question') > 0
    """, no_control="a test machine may have no route"),
)  # fmt: skip
_MESSAGE = """
    data = ctypes.create_string_buffer(b'x')
    line = struct.pack('QQ', ctypes.addressof(data), 1)
    held = ctypes.create_string_buffer(line, 16)
    rights = ctypes.create_string_buffer(struct.pack('QiiI4x', 20, 1, 1, 0), 24)
    message = struct.pack('QIxxxxQQQQIxxxx', 0, 0, ctypes.addressof(held), 1, ctypes.addressof(rights), 24, 0)
"""
CHANNEL = (
    Attack("hand a descriptor to the host", ("seccomp",),
           _MESSAGE + "    through = call(NUMBERS['sendmsg'], 3, message, 0) >= 0",
           no_control="what it sends would end the conversation"),
    Attack("be handed a descriptor", ("seccomp",), _MESSAGE + """
    try:
        call(NUMBERS['recvmsg'], 3, message, 0x40)
    except BlockingIOError:
        through = True  # nothing was there, and that is all that was wrong
    """),
    Attack("ask who is at the other end", ("seccomp",), """
        size = ctypes.create_string_buffer(struct.pack('I', 12), 4)
        through = call(NUMBERS['getsockopt'], 3, 1, 17, ctypes.create_string_buffer(12), size) == 0
    """),
    Attack("ask the channel with ioctl", ("seccomp",),
           "through = call(NUMBERS['ioctl'], 3, 0x541B, ctypes.create_string_buffer(4)) == 0"),
    Attack("type into a terminal", ("seccomp",), "through = call(NUMBERS['ioctl'], 0, 0x5412, b'x') == 0",
           no_control="a session has no terminal"),
    Attack("ask for signals from the channel", ("seccomp",),
           "through = call(NUMBERS['fcntl'], 3, 8, os.getpid()) == 0"),
    syscall("splice", "3, 0, 3, 0, 1, 0", "seccomp", no_control="it needs a pipe"),
    syscall("socketpair", "1, 1, 0, ctypes.create_string_buffer(8)", "seccomp"),
    syscall("eventfd2", "0, 0", "seccomp"),
    syscall("epoll_create1", "0", "seccomp"),
    syscall("timerfd_create", "1, 0", "seccomp"),
)  # fmt: skip
