"""A modem with one serial port, which is the abstract socket `abstract:NAME`: it answers the AT commands (3GPP TS 27.007) that
ModemManager asks. Arguments: NAME and, where the SIM is locked, its PIN. Prints `ready`, and each command with its answer."""
import socket, sys

APN = "internet.test"
PLAIN = {
    "ATI": "Fairlead",
    "AT+CGMI": "Fairlead",
    "AT+CGMM": "Serial Modem",
    "AT+CGMR": "1",
    "AT+CGSN": "350000000000001",
    "AT+GCAP": "+GCAP: +CGSM",
    "AT+CIMI": "001010123456789",
    "AT+CFUN?": "+CFUN: 1",
    "AT+CREG?": '+CREG: 2,1,"00C3","000000A1",2',
    "AT+CGREG?": '+CGREG: 2,1,"00C3","000000A1",2',
    "AT+CSQ": "+CSQ: 20,99",
    "AT+WS46=?": "+WS46: (12,22,25,28)",
    "AT+CGDCONT=?": '+CGDCONT: (1-3),"IP",,,(0),(0)',
    "AT+CGACT?": "",
    # The files of the SIM: its number, the company that sold it (name; length of its code).
    "AT+CRSM=176,12258,0,0,10": '+CRSM: 144,0,"981000100000000000F1"',
    "AT+CRSM=176,28486,0,0,17": '+CRSM: 144,0,"0154657374204E6574776F726BFFFFFFFF"',
    "AT+CRSM=176,28589,0,0,4": '+CRSM: 144,0,"00000002"',
}
FINE = {"AT", "ATE0", "ATV1", "ATX4", "AT&C1", "ATZ", "ATH", "AT+CMEE=1", "AT+CFUN=1", "AT+CREG=2", "AT+CGREG=2",
        "AT+COPS=0"}


class Modem:
    def __init__(self, pin):
        self.pin = pin
        self.shows_names = False
        self.contexts = {}

    def answer(self, command):
        if command == "AT+CPIN?":
            return "+CPIN: " + ("SIM PIN" if self.pin else "READY"), "OK"
        if command.startswith("AT+CPIN="):
            if command != 'AT+CPIN="%s"' % self.pin:
                return "", "+CME ERROR: 16"
            self.pin = None
            return "", "OK"
        if command in ("AT+COPS=3,0", "AT+COPS=3,2"):
            self.shows_names = command.endswith("0")
            return "", "OK"
        if command == "AT+COPS?":
            return '+COPS: 0,0,"Test Network",2' if self.shows_names else '+COPS: 0,2,"00101",2', "OK"
        if command.startswith("AT+CGDCONT=") and '"' in command:
            number = command.split("=")[1].split(",")[0]
            self.contexts[number] = command.split('"')[3]
            return "", "OK"
        if command == "AT+CGDCONT?":
            lines = ['+CGDCONT: %s,"IP","%s","0.0.0.0",0,0' % context for context in self.contexts.items()]
            return "\r\n".join(lines), "OK"
        if command.startswith("ATD"):
            number = command.split("***")[1].rstrip("#")
            return "", "CONNECT" if self.contexts.get(number) == APN else "+CME ERROR: 127"
        if command in PLAIN:
            return PLAIN[command], "OK"
        return "", "OK" if command in FINE else "ERROR"


def serve(connection, modem):
    waiting = b""
    while True:
        some = connection.recv(1024)
        if not some:
            return
        waiting += some
        while b"\r" in waiting:
            line, waiting = waiting.split(b"\r", 1)
            command = line.decode("latin1").strip()
            if command:
                text, result = modem.answer(command)
                print(command, "->", text, result, flush=True)
                connection.sendall(("\r\n%s\r\n" % text if text else "").encode() + ("\r\n%s\r\n" % result).encode())


port = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
port.bind("\0abstract:" + sys.argv[1])
port.listen(1)
modem = Modem(sys.argv[2] if len(sys.argv) > 2 else None)
print("ready", flush=True)
while True:
    serve(port.accept()[0], modem)
