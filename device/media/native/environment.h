#pragma once
#include <glib-object.h>
#include <napi.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

class Attachment;
class Handle;

/** Counts native things that are alive, for leak tests. May be dropped on any thread. */
class LiveToken {
 public:
  explicit LiveToken(std::shared_ptr<std::atomic<int>> count) : count_(std::move(count)) { ++*count_; }
  ~LiveToken() { --*count_; }
  LiveToken(const LiveToken&) = delete;
  LiveToken& operator=(const LiveToken&) = delete;

 private:
  std::shared_ptr<std::atomic<int>> count_;
};

/** What the addon keeps for one JavaScript environment (the main thread or a worker). Everything but `attachments` is for its thread only. */
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /** Creates the environment's state and registers its clean-up; see README.md for the order of the end. */
  static void create(Napi::Env env);
  static std::shared_ptr<Environment> of(Napi::Env env);

  Napi::FunctionReference handleClass;
  Napi::FunctionReference roomError;
  Napi::FunctionReference wrap;
  std::set<Handle*> handles;
  bool closing = false;
  uint64_t handlesMade = 0;
  /** The object that the Handle under construction is for. */
  GObject* constructing = nullptr;

  std::shared_ptr<std::atomic<int>> live = std::make_shared<std::atomic<int>>(0);

  void add(const std::shared_ptr<Attachment>& attachment);
  void forget(Attachment* attachment);

  /** Ends the attachments of one object made through one handle. */
  void detachFrom(uint64_t handle);

  /** Ends attachments and handles of everything inside `root`, and of `root` itself. */
  void disposeTree(GObject* root);

 private:
  void detachAll();
  std::vector<std::shared_ptr<Attachment>> attachments();

  std::mutex mutex_;
  std::map<Attachment*, std::weak_ptr<Attachment>> attachments_;
};
