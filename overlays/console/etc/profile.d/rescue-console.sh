# mingetty resets the terminal, and with it the font. Only on virtual consoles: setupcon on a serial
# line or in a terminal window would set up the wrong one.
if [ -x /usr/bin/setupcon ] && [ "$(id -u)" = 0 ]; then
	case "$(tty)" in
	/dev/tty[0-9]*)
		setupcon
		;;
	esac
fi
