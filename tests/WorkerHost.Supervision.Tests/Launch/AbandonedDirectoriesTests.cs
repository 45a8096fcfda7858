namespace WorkerHost.Supervision.Tests.Launch;

[Trait("Scenario", "45")]
public sealed class AbandonedDirectoriesTests : IDisposable
{
    private readonly TemporaryDirectory place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public void What_a_dead_supervisor_left_is_deleted_with_all_that_is_in_it()
    {
        var path = Abandon();
        Directory.CreateDirectory(Path.Combine(path, "0-abc", "s"));
        File.WriteAllText(Path.Combine(path, "0-abc", "s", "s"), "");
        File.WriteAllText(Path.Combine(path, ".hidden"), "");
        Assert.Equal([path], AbandonedDirectories.Sweep(place.Path));
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Path));
    }

    [Fact]
    public void What_its_runtime_has_made_for_debuggers_goes_with_it_and_nothing_of_another_process()
    {
        var mark = Path.Combine(Abandon(), OwnerMark.FileName);
        var lines = File.ReadAllLines(mark);
        Assert.Equal($"pid {Environment.ProcessId} started {ProcessIdentity.Of(Environment.ProcessId)!.Value.StartTime}", lines[2]);
        File.WriteAllLines(mark, [.. lines[..2], "pid 4711 started 815"]);
        string[] gone = [place.File("clr-debug-pipe-4711-815-in", ""), place.File("clr-debug-pipe-4711-815-out", ""), place.File("dotnet-diagnostic-4711-815-socket", "")];
        string[] kept = [place.File("clr-debug-pipe-4711-8150-in", ""), place.File("dotnet-diagnostic-471-815-socket", "")];
        Assert.Single(AbandonedDirectories.Sweep(place.Path));
        Assert.DoesNotContain(gone, File.Exists);
        Assert.All(kept, static f => Assert.True(File.Exists(f), f));
    }

    [Theory]
    [InlineData("pid 4711")]
    [InlineData("pid 4711 started ")]
    [InlineData("pid 4711 started ../x")]
    [InlineData("pid -1 started 815")]
    public void A_mark_that_does_not_say_who_it_was_is_enough_for_the_directory_alone(string line)
    {
        var mark = Path.Combine(Abandon(), OwnerMark.FileName);
        File.WriteAllLines(mark, [.. File.ReadAllLines(mark)[..2], line]);
        var kept = place.File("clr-debug-pipe-4711-815-in", "");
        Assert.Single(AbandonedDirectories.Sweep(place.Path));
        Assert.True(File.Exists(kept));
    }

    [Fact]
    public void What_a_living_supervisor_uses_is_left_alone_even_in_this_very_process()
    {
        using var living = new PrivateDirectory(place.Path);
        var ledger = living.MakeFor(0, 1, 1).LedgerPath;
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
        Assert.True(File.Exists(ledger));
    }

    [Fact]
    public void No_depth_is_too_much()
    {
        var path = Abandon();
        Dig(path);
        Assert.Equal([path], AbandonedDirectories.Sweep(place.Path));

        var living = new PrivateDirectory(place.Path);
        var own = living.MakeFor(0, 1, 1);
        Dig(own.Path);
        own.Delete();
        Assert.False(Directory.Exists(own.Path));
        Dig(living.Path);
        living.Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Path));

        static void Dig(string from)
        {
            var deepest = Directory.CreateDirectory(Path.Combine([from, .. Enumerable.Repeat("d", 100)])).FullName;
            File.WriteAllText(Path.Combine(deepest, "f"), "");
        }
    }

    [Fact]
    public void No_link_is_followed()
    {
        using var victim = new TemporaryDirectory();
        var precious = victim.File("precious", "");
        var path = Abandon();
        File.CreateSymbolicLink(Path.Combine(path, "file"), precious);
        Directory.CreateSymbolicLink(Path.Combine(path, "directory"), victim.Path);
        var link = Name('b');
        Directory.CreateSymbolicLink(link, Abandon(victim.Path));
        Assert.Equal([path], AbandonedDirectories.Sweep(place.Path));
        Assert.True(File.Exists(precious));
        Assert.True(File.Exists(Path.Combine(link, OwnerMark.FileName)));
    }

    [Fact]
    public void What_only_has_such_a_name_is_left_alone()
    {
        Directory.CreateDirectory(Name('a'), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Name('b'), "");
        var foreignMark = Directory.CreateDirectory(Name('c')).FullName;
        File.WriteAllText(Path.Combine(foreignMark, OwnerMark.FileName), "me");
        var longer = Path.Combine(place.Path, "workerhost-of-somebody-else");
        Directory.Move(Abandon(), longer);
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
        Assert.Equal(4, Directory.EnumerateFileSystemEntries(place.Path).Count());
    }

    [Fact]
    public void What_was_made_before_the_last_boot_is_left_alone_because_it_may_be_another_machine_s()
    {
        var mark = Path.Combine(Abandon(), OwnerMark.FileName);
        var lines = File.ReadAllLines(mark);
        lines[1] = "boot 00000000-0000-0000-0000-000000000000";
        File.WriteAllLines(mark, lines);
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
    }

    [Fact]
    public void What_others_may_write_in_is_left_alone()
    {
        File.SetUnixFileMode(Abandon(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
    }

    [Fact]
    public void What_belongs_to_another_user_is_left_alone_even_by_root()
    {
        Assert.SkipUnless(Libc.geteuid() == 0, "only root can make directories of another user");
        var path = Abandon();
        using var chown = System.Diagnostics.Process.Start("chown", ["-R", "12345:12345", path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
        Assert.True(File.Exists(Path.Combine(path, OwnerMark.FileName)));
    }

    [Fact]
    public void One_sweep_has_an_end_and_the_next_goes_on()
    {
        for (var i = 0; i < AbandonedDirectories.MostPerSweep + 3; i++)
        {
            Abandon();
        }

        Assert.Equal(AbandonedDirectories.MostPerSweep, AbandonedDirectories.Sweep(place.Path).Count);
        Assert.Equal(3, AbandonedDirectories.Sweep(place.Path).Count);
        Assert.Empty(AbandonedDirectories.Sweep(place.Path));
    }

    [Fact]
    public void A_place_that_cannot_be_listed_is_not_swept() => Assert.Empty(AbandonedDirectories.Sweep("/no/such/place"));

    private string Name(char letter) => Path.Combine(place.Path, "workerhost-" + new string(letter, 10));

    /// <summary>As a killed process leaves it: its lock is gone, its mark and its files are not.</summary>
    private string Abandon(string? parent = null)
    {
        var living = new PrivateDirectory(parent ?? place.Path);
        var path = living.Path + ".copy";
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Copy(Path.Combine(living.Path, OwnerMark.FileName), Path.Combine(path, OwnerMark.FileName));
        living.Dispose();
        Directory.Move(path, living.Path);
        return living.Path;
    }
}
