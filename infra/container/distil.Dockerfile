# The command with all that it needs, from the archive that ./distil pack makes. Built in the folder with the archive:
# docker build -f infra/container/distil.Dockerfile -t distil .distil/packages

# What .NET and Node.js need of the system (certificates, libssl, libstdc++); both are in the archive.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble
# ADD unpacks it: one folder, distil.
ADD distil-*-linux-x64.tar.gz /opt/
RUN mkdir /data && chown $APP_UID /data
ENV DISTIL_HOME=/data
VOLUME /data
WORKDIR /data
EXPOSE 7080
USER $APP_UID
ENTRYPOINT ["/opt/distil/distil"]
CMD ["serve", "--urls", "http://0.0.0.0:7080"]
