# escape=`
ARG TAG=ltsc2022
FROM servercore:$T<|>AG AS tools
SHELL ["powershell", "-Command"]
ENV TOOLS=C:\tools
RUN New-Item $env:TO<|>OLS `
    -ItemType Directory
RUN Copy-Item C:\a `
    $env:<|>
FROM tools
SHELL ["cmd", "/S", "/C"]
RUN dir %TOOL<|>S%
WORKDIR $TOOLS\bin
st<|>
