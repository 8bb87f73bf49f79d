# mingetty resets the terminal, and with it the font. Only on virtual consoles: on a serial line or in a
# terminal window this would set up the wrong one. The font is what setupcon has saved when the image was
# made; all of setupcon takes a slow machine many seconds, and the keymap is there already.
case "$(tty)" in
/dev/tty[0-9]*)
	if [ "$(id -u)" != 0 ]; then
		:
	elif [ -e /etc/console-setup/cached_setup_font.sh ]; then
		eval "$(sed -n '/^setfont /{p;q}' /etc/console-setup/cached_setup_font.sh)"
	elif [ -x /usr/bin/setupcon ]; then
		setupcon
	fi
	;;
esac
