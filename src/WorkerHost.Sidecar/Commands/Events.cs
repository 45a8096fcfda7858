using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using Spectre.Console;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost events</c>: what happened to pools and workers, and what happens.</summary>
internal sealed class Events : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral("Only of this pool.");
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "Go on with what happens, until Ctrl-C or the end of the host." };
    private readonly Option<bool> fresh = new("--new", "-n") { Description = "With --follow: leave out what has happened already." };

    private readonly Option<string?> after = new("--after")
    {
        Description = "Go on behind this event: the cursor that --output json has in every line, and that is said at the end. Events that are not kept any more are told as lost.",
        HelpName = "CURSOR",
    };

    private string cursor = "";

    public Events(Surroundings around)
        : base("events", "Shows what happened to pools and workers, and follows it.", around)
    {
        Add(pool);
        Add(follow);
        Add(fresh);
        Add(after);
        AddCommonOptions();
        Validators.Add(result =>
        {
            if (result.GetValue(fresh) && (!result.GetValue(follow) || result.GetValue(after) is not null))
            {
                result.AddError("--new goes with --follow, and without --after");
            }
        });
    }

    public IEnumerable<string> Examples =>
    [
        "workerhost events images",
        "workerhost events --follow --new",
        "workerhost events --follow --output json | jq 'select(.event.kind == \"died\").event.death'",
    ];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var host = HostConnection.Admin(Location(parsed));
        var behind = parsed.GetValue(after) ?? "";
        var request = new WatchRequest
        {
            Pool = parsed.GetValue(pool),
            After = behind,
            Kept = behind.Length == 0 && !parsed.GetValue(fresh),
            Ends = !parsed.GetValue(follow),
        };
        try
        {
            using var call = host.Admin().Watch(request, host.Headers, cancellationToken: cancellationToken);
            var all = call.ResponseStream.ReadAllAsync(cancellationToken);

            // They come pool by pool; whoever reads them wants to see what led to what.
            await foreach (var news in (request.Ends && !AsJson(parsed) ? all.OrderBy(static n => n.Event?.Time?.ToDateTimeOffset()) : all).ConfigureAwait(false))
            {
                cursor = news.Cursor;
                Write(parsed, news);
                await Around.Text.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument && cursor.Length == 0 && behind.Length > 0)
        {
            throw new CommandException(
                ExitCode.Usage, $"--after '{Printable.Text(behind)}' is no cursor; allowed: the text that --output json has as \"cursor\" in every line, and that is said where events ends", e);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            await SayCursorAsync(parsed).ConfigureAwait(false);
            throw host.Refused(e);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            await SayCursorAsync(parsed).ConfigureAwait(false);
            throw new OperationCanceledException(cancellationToken);
        }

        if (parsed.GetValue(follow))
        {
            await SayCursorAsync(parsed).ConfigureAwait(false);
            throw new CommandException(ExitCode.Unreachable, "the host has stopped");
        }

        return ExitCode.Done;
    }

    private async Task SayCursorAsync(ParseResult parsed)
    {
        if (cursor.Length > 0 && !AsJson(parsed))
        {
            await Around.Error.WriteLineAsync($"to go on here: workerhost events --follow --after {cursor}").ConfigureAwait(false);
        }
    }

    private void Write(ParseResult parsed, WatchResponse news)
    {
        if (AsJson(parsed))
        {
            Around.Text.WriteLine(ContractJson.Line(news));
            return;
        }

        switch (news.WhatCase)
        {
            case WatchResponse.WhatOneofCase.Event:
                Write(news.Event);
                break;
            case WatchResponse.WhatOneofCase.Lost:
                Around.Text.WriteLine($"-- {Printable.Text(news.Lost.Message)}");
                break;
            default:
                // The first one says that nothing is missed from here on.
                break;
        }
    }

    private void Write(HostEvent what)
    {
        var time = what.Time?.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "";
        if (!Around.OutputIsTerminal)
        {
            Around.Text.WriteLine($"{time}  {Word(what.Level),-5}  {what.Pool}  {what.Kind}  {Printable.Text(what.Text)}");
            return;
        }

        var console = TerminalConsole.Of(Around, wraps: false);
        console.Write(new Text($"{time[11..^1]} ", new Style(Color.Grey)));
        console.Write(new Text($"{what.Pool} ", new Style(decoration: Decoration.Bold)));
        console.Write(new Text($"{Printable.Text(what.Text)}\n", new Style(Colour(what.Level))));
    }

    private static string Word(EventLevel level) => level switch
    {
        EventLevel.Debug => "debug",
        EventLevel.Information => "info",
        EventLevel.Warning => "warn",
        EventLevel.Error => "error",
        EventLevel.Critical => "crit",
        _ => level.ToString(),
    };

    private static Color? Colour(EventLevel level) => level switch
    {
        EventLevel.Debug => Color.Grey,
        EventLevel.Warning => Color.Yellow,
        EventLevel.Error or EventLevel.Critical => Color.Red,
        _ => null,
    };
}
