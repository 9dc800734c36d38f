/*
 * Stands for the kernel's CEC device, so that the real cec-ctl can be run where there is none: loaded before it, it answers what is asked
 * of one path by a simulated HDMI line at the other end of a unix socket (SimulatedCecLine.ts). Layouts and meanings are those of
 * <linux/cec.h> and of the kernel's "CEC" userspace API.
 *
 * Environment: CEC_LINE_DEVICE is the path that is opened, CEC_LINE_SOCKET the socket.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cec.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int line = -1;

static int connect_line(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("CEC_LINE_SOCKET");
	if (!path || strlen(path) >= sizeof(address.sun_path)) {
		errno = ENOENT;
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	/* No simulated line: no such device. */
	if (fd >= 0)
		close(fd);
	errno = ENOENT;
	return -1;
}

int open(const char *path, int flags, ...)
{
	const char *device = getenv("CEC_LINE_DEVICE");
	if (device && strcmp(path, device) == 0) {
		line = connect_line();
		return line;
	}
	va_list rest;
	va_start(rest, flags);
	int mode = va_arg(rest, int);
	va_end(rest);
	int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	return real(path, flags, mode);
}

static int all(ssize_t (*move)(int, void *, size_t), void *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t moved = move(line, (char *)bytes + done, length - done);
		if (moved <= 0) {
			errno = ENODEV;
			return -1;
		}
		done += moved;
	}
	return 0;
}

static ssize_t put(int fd, void *bytes, size_t length)
{
	return write(fd, bytes, length);
}

static ssize_t get(int fd, void *bytes, size_t length)
{
	return read(fd, bytes, length);
}

/* Asked: what, and 18 bytes for it. Answered: an errno or 0, and 19 bytes. */
static int ask(uint8_t what, const uint8_t asked[18], uint8_t answered[19])
{
	uint8_t question[19] = { what };
	uint8_t answer[20];
	memcpy(question + 1, asked, 18);
	if (all(put, question, sizeof(question)) || all(get, answer, sizeof(answer)))
		return -1;
	if (answer[0]) {
		errno = answer[0];
		return -1;
	}
	memcpy(answered, answer + 1, 19);
	return 0;
}

static int state(uint8_t what, struct cec_log_addrs *addresses, uint16_t *physical)
{
	uint8_t asked[18] = { addresses && what == 'S' ? addresses->num_log_addrs : 0 };
	uint8_t answered[19];
	if (ask(what, asked, answered))
		return -1;
	if (physical)
		*physical = answered[0] << 8 | answered[1];
	if (addresses) {
		addresses->num_log_addrs = answered[2] == CEC_LOG_ADDR_INVALID ? 0 : 1;
		addresses->log_addr[0] = answered[2];
		addresses->log_addr_mask = addresses->num_log_addrs ? 1 << answered[2] : 0;
	}
	return 0;
}

static int transmit(struct cec_msg *message)
{
	static uint32_t sequence;
	uint8_t asked[18] = { message->len, message->reply };
	uint8_t answered[19];
	memcpy(asked + 2, message->msg, 16);
	if (ask('T', asked, answered))
		return -1;
	message->sequence = ++sequence;
	message->tx_ts = 1;
	message->tx_status = answered[0];
	message->rx_status = answered[1];
	message->tx_nack_cnt = answered[0] & CEC_TX_STATUS_NACK ? 4 : 0;
	if (answered[2]) {
		message->rx_ts = 2;
		message->len = answered[2];
		memcpy(message->msg, answered + 3, 16);
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	if (fd != line || line < 0) {
		int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
		return real(fd, request, argument);
	}
	switch (request) {
	case CEC_ADAP_G_CAPS: {
		struct cec_caps *caps = argument;
		memset(caps, 0, sizeof(*caps));
		strcpy(caps->driver, "simulated");
		strcpy(caps->name, "simulated line");
		caps->available_log_addrs = 1;
		caps->capabilities = CEC_CAP_LOG_ADDRS | CEC_CAP_TRANSMIT;
		return 0;
	}
	case CEC_ADAP_G_PHYS_ADDR:
		return state('G', NULL, argument);
	case CEC_ADAP_G_LOG_ADDRS:
		memset(argument, 0, sizeof(struct cec_log_addrs));
		return state('G', argument, NULL);
	case CEC_ADAP_S_LOG_ADDRS:
		return state('S', argument, NULL);
	case CEC_TRANSMIT:
		return transmit(argument);
	default:
		errno = ENOTTY;
		return -1;
	}
}
