using Xunit.v3;

// Most of a case is waiting for other processes: twice as many classes at a time as there are processors take no more of them, and half the time.
[assembly: Parallelization(MaxThreads = 4)]
