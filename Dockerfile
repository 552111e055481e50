# The service in a container; docs/container.md tells how to run it.

FROM python:3.13-slim AS build
COPY . /src
RUN python -m venv /opt/tcpchat && /opt/tcpchat/bin/pip install --no-cache-dir /src
# Twisted writes its list of plugins while the directory may be written.
RUN /opt/tcpchat/bin/twistd --help > /dev/null

FROM python:3.13-slim
COPY --from=build /opt/tcpchat /opt/tcpchat
RUN useradd --system --uid 8080 --no-create-home --home-dir /data tcpchat && \
    install -d -m 700 -o tcpchat /data
ENV PATH=/opt/tcpchat/bin:$PATH STATE_DIRECTORY=/data PYTHONFAULTHANDLER=1 PYTHONUNBUFFERED=1
USER tcpchat
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Users are told and lines are written within 16 s of it.
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=10s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/healthz', timeout=5)"]
# What follows the name of the image is further options.
ENTRYPOINT ["twistd", "--nodaemon", "--pidfile=", "tcpchat", "--metrics", "tcp:9464:interface=127.0.0.1"]
