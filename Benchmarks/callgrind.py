"""A running server, and the instructions that it takes per request. Used by the other benchmarks."""
import json, os, signal, socket, subprocess, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = f'{ROOT}/.build/release'
SWIFT = os.path.realpath(subprocess.check_output(['which', 'swift'], text=True).strip())
RUNTIME = f'{os.path.dirname(os.path.dirname(SWIFT))}/lib/swift/linux'


class Server:
    """A running server with these applications. `through`: a command that runs the server."""

    def __init__(self, folder, applications, options=(), roost=f'{RELEASE}/roost', through=()):
        with open(f'{folder}/site.yaml', 'w') as file:
            file.write('server: {port: 0, access-log: no}\n')
            file.write('applications:\n' if applications else '')
            file.writelines(f'  - {{{application}}}\n' for application in applications)
        self.run = f'{folder}/run'
        self.since = time.monotonic()
        self.process = subprocess.Popen(
            [*through, roost, '--settings', 'site', '--app-dir', folder, '--run-dir', self.run, *options],
            stderr=subprocess.PIPE, text=True, env={**os.environ, 'LD_LIBRARY_PATH': RUNTIME})
        for line in self.process.stderr:
            if 'info     serving ' in line:
                self.port = int(line.split('url=http://127.0.0.1:')[1].split()[0])
                return
        raise SystemExit('the server does not start')

    def wait(self, text):
        for line in self.process.stderr:
            if text in line:
                return

    def ask(self, path):
        return urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}').read()

    def workers(self):
        answer = subprocess.check_output([f'{RELEASE}/roost', 'status', '--json', '--run-dir', self.run])
        return [worker['pid'] for worker in json.loads(answer)['workers']]

    def cpu(self):
        """Returns the clock ticks of all processes of the server."""
        def ticks(pid):
            fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
            return int(fields[11]) + int(fields[12])
        return sum(ticks(pid) for pid in [self.process.pid, *self.workers()])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def instructions(folder, applications, path, options=(), before=None, requests=3000):
    """Returns the instructions per request on a kept connection, counted by callgrind. The server is stripped, since
    callgrind cannot read Swift's debugging symbols. `before`: called with the server, before the first request."""
    roost, trace = f'{folder}/roost', f'{folder}/trace'
    subprocess.check_call(['strip', '-o', roost, f'{RELEASE}/roost'])
    server = Server(folder, applications, ['--no-supervisor', *options], roost,
                    ['valgrind', '--tool=callgrind', f'--callgrind-out-file={trace}'])
    if before:
        before(server)
    # Checks that the application responds.
    server.ask(path)
    client = socket.create_connection(('127.0.0.1', server.port))

    def load(times):
        for _ in range(times):
            client.sendall(f'GET {path} HTTP/1.1\r\nhost: x\r\n\r\n'.encode())
            client.recv(65536)

    def control(word):
        subprocess.check_call(['callgrind_control', word, str(server.process.pid)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    load(200)
    control('-z')
    load(requests)
    control('-d')
    server.stop()
    totals = []
    for name in os.listdir(folder):
        if name.startswith('trace'):
            totals += [int(line.split()[1]) for line in open(f'{folder}/{name}') if line.startswith(('totals:', 'summary:'))]
            os.unlink(f'{folder}/{name}')
    return max(totals) / requests
