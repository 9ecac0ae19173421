/* What Debian's C++ library asks of glibc and musl does not have: enough for Bun's build for musl to start. */
typedef unsigned long size_t;
unsigned arc4random(void) {
  static unsigned s = 2463534242u;
  s ^= s << 13;
  s ^= s >> 17;
  return s ^= s << 5;
}
size_t __strftime_l(char *s, size_t max, const char *format, const void *time, void *locale) { return 0; }
int __cxa_thread_atexit_impl(void (*end)(void *), void *object, void *dso) { return 0; }
char __libc_single_threaded = 0;
int _dl_find_object(void *address, void *result) { return -1; }
int __cpu_indicator_init(void) { return 0; }
unsigned __cpu_model[4];
