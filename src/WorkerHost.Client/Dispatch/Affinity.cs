namespace WorkerHost.Client;

/// <summary>
/// Which worker tasks of one key prefer: highest random weight (Thaler and Ravishankar, 1998). Nothing is remembered, keys spread over the
/// workers, and when one comes or goes only those keys move that it gets or had. Where the first choice is busy the second one of the same key is the same
/// every time, too.
/// </summary>
internal static class Affinity
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Of a key, once; never 0. FNV-1a: the same in every process, so that what was seen in one can be replayed in another.</summary>
    public static ulong Hash(string key)
    {
        var hash = 0xCBF2_9CE4_8422_2325UL;
        foreach (var character in key)
        {
            hash = (hash ^ character) * 0x0000_0100_0000_01B3;
        }

        return hash == 0 ? 1 : hash;
    }

    /// <summary>The higher the dearer is the slot to the key: a slot's next worker is preferred by the same keys as its last.</summary>
    public static ulong Weight(ulong hash, int slot)
    {
        // The finish of splitmix64: hashes and slots that are alike have nothing in common behind it.
        var mixed = hash + Golden * (ulong)(slot + 1);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
