using Distil.Core.Logging;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Tests.Logging;

public sealed class TextLoggerTests
{
    [Fact]
    public void A_line_is_the_message_after_its_level()
    {
        var text = new StringWriter { NewLine = "\n" };
        var log = new TextLogger(text);

        log.Log(LogLevel.Debug, "not for people");
        log.Log(LogLevel.Information, "resuming");
        log.Log(LogLevel.Warning, "slow");
        log.Log(LogLevel.Error, new IOException("not repeated"), "broken");

        Assert.Equal("resuming\nwarning: slow\nerror: broken\n", text.ToString());
    }
}
