# SPDX-License-Identifier: MIT
#
# netrescue in a container: docs/docker.md says how to use it.
#
#     docker build -t netrescue .
#
# BASE is any Debian from bookworm on. A tag moves; for a build that can be repeated pin it by digest:
#
#     docker build --build-arg BASE=debian:trixie-slim@sha256:... -t netrescue .
#
# `docker build --target ci` makes one with compiler and test tools.

ARG BASE=debian:trixie-slim

# ---- what every stage has --------------------------------------------------------------------------

FROM ${BASE} AS system
# The kernel is the libguestfs appliance's, which brings its own initrd: none is made here.
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive INITRD=No apt-get -q -y --no-install-recommends install \
        ca-certificates debian-archive-keyring gpgv uidmap libcap2-bin \
        libguestfs0 linux-image-cloud-amd64 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* \
 && chmod a+r /boot/vmlinuz-*
# Setuid root, these two need CAP_SYS_ADMIN, which a container's root has not; with file capabilities they do without.
RUN chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap \
 && setcap cap_setuid+ep /usr/bin/newuidmap \
 && setcap cap_setgid+ep /usr/bin/newgidmap
# With --user any uid runs it, which then has neither a home nor a line in /etc/passwd: so whatever it
# writes goes to directories that are everybody's.
RUN useradd --uid 1000 --home-dir /tmp --no-create-home --shell /bin/sh netrescue \
 && echo netrescue:100000:65536 | tee /etc/subuid >/etc/subgid \
 && install -d -m 0755 /recipe
ENV HOME=/tmp

# ---- compile -------------------------------------------------------------------------------------

FROM system AS build
WORKDIR /src
COPY Makefile ./
RUN apt-get -q update \
 && apt-get -q -y --no-install-recommends install make libguestfs-dev \
 && make deps-build \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY LICENSE ./
COPY builder builder
COPY recipes recipes
COPY overlays overlays
# Beside the programs: the packages whose libraries they link, by the names that this release gives them.
RUN make \
 && make install-program DESTDIR=/install \
 && install -D -m 0644 LICENSE /install/usr/local/share/doc/netrescue/LICENSE \
 && find /install/usr/local/bin /install/usr/local/libexec -type f -exec ldd {} + >/tmp/linked \
 && sed -n 's,.* => .*/\(lib[^ ]*\) .*,*/\1,p' /tmp/linked | sort -u >/tmp/libraries \
 && xargs dpkg-query --search </tmp/libraries >/tmp/owners \
 && sed '/^diversion by /d; s/:.*//' /tmp/owners | sort -u >/packages

# ---- run -----------------------------------------------------------------------------------------

FROM system AS run
COPY --from=build /packages /tmp/packages
RUN apt-get -q update \
 && xargs apt-get -q -y --no-install-recommends install </tmp/packages \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/packages
# A new volume takes over owner and mode.
RUN install -d -m 1777 /store /state
COPY --from=build /install /
ENV NETRESCUE_STORE=/store XDG_STATE_HOME=/state
ARG BASE
ARG REVISION=unknown
LABEL org.opencontainers.image.title="netrescue" \
      org.opencontainers.image.description="Turns a recipe into a Debian rescue system that boots over the network" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.revision="${REVISION}"
USER netrescue
WORKDIR /recipe
ENTRYPOINT ["netrescue"]
CMD ["--help"]

# ---- test ----------------------------------------------------------------------------------------

FROM build AS ci
RUN make deps-test \
 && apt-get -q -y --no-install-recommends install git \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
USER netrescue
WORKDIR /recipe

# The last stage is what `docker build` makes.
FROM run
