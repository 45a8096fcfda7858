using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary>For people or for programs.</summary>
internal sealed class OutputOption
{
    private const string Json = "json";

    private readonly Option<string> format = new("--output", "-o")
    {
        Description = "text: for people, a table on a terminal and columns without decoration elsewhere. json: everything, for programs.",
        HelpName = "text|json",
        DefaultValueFactory = static _ => "text",
    };

    public OutputOption()
    {
        format.CompletionSources.Add("text", Json);
        format.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: not ("text" or Json) and var other }])
            {
                result.AddError($"--output is '{other}'; allowed: text, json");
            }
        });
    }

    public void AddTo(Command command) => command.Add(format);

    public bool IsJson(ParseResult parsed) => parsed.GetValue(format) == Json;
}
